// Has nothing in it: the target exists for its precompiled header.
