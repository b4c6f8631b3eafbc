"""How the posterior is computed: one engine per file, and the gate that all must pass."""
