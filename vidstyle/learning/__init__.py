"""Learning a look: a job that paints some pictures by optimisation and teaches a network to do likewise."""
