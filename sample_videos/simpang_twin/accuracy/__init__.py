"""``simpang bench accuracy``: the real worker on clips whose truth is known, its messages beside that truth.

cases → worker (a process, over a real broker) → published messages → figures → table, JSON, page, gate
"""
