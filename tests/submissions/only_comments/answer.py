# I did not get to it.
