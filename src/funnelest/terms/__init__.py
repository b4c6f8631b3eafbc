"""How a rate or a transition varies over an axis: one kind of term per file."""
