"""The known ways to hang, to lose work and to limp: one function each, by subject."""
