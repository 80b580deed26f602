"""The painting methods. They share one contract and never import each other."""
