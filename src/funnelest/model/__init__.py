"""The model as a value: its problems, its ledger, its JSON types."""
