"""One film on many machines: its shots are jobs of their own, which any queue can give out, and are joined.

`split` finds the shots, `paint_shot` paints one of them, on any machine that sees the job's directory, and
`join` makes the result of all. It is that of one machine, bit for bit where the machines compute alike: every
frame's randomness comes from its number, and what a shot is painted by is found once, for all machines.
"""
