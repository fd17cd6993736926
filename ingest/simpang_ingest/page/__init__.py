"""The live page: what every camera sees now, the last hour, the health of every box, a map.

`app.serve` shows it; everything else here is either pure (text and figures in, markup out) or a screen made of it.
"""
