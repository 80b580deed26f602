"""Neural style: a painting whose features are the content's and whose statistics are the style's."""
