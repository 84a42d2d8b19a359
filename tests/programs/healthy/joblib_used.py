"""joblib's loky workers do some tasks."""
from joblib import Parallel, delayed

if __name__ == "__main__":
    print(Parallel(n_jobs=2)(delayed(abs)(number) for number in range(-4, 0)))
