"""Speed as ratios against named baselines, measured in turn within one run (`python -m bench`).

The machine is shared and noisy: no time is asserted anywhere, only medians of ratios are shown.
"""
