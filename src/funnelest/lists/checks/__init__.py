"""What can be said of linked lists before an estimate, and what hangs on what after it."""
