"""Methods for the number of people on none of the lists, one file each."""
