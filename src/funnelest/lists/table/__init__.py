"""The overlap table of linked lists: how it is read and checked."""
