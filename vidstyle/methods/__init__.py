"""The painting methods: one folder each. They share one contract (see `base`) and never import each other."""
