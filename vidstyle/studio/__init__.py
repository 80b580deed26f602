"""A page in the browser for those who do not type commands: `vidstyle studio`.

Everything it makes is made by `vidstyle` commands, as processes of their own in job directories of its
workspace, so that nothing is lost when the browser, or the studio, is closed. Gradio is imported here alone.
"""
