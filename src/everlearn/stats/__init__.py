"""Pure numerics, one algorithm a file; import the module you need: `from everlearn.stats import ks`.

Fixed samples: `ks`, `chi_square`, `psi` (two samples), `paired` (two models on the same cases), `multiplicity`.
Few pairs, such as seeds: `signed_rank`, `sign_flip`; several treatments over the same blocks: `friedman`.
Streams with a control limit: `control_chart`, `run_length`, `chart_design`, `page_hinkley`, `adwin`.
Anytime-valid, so looked at as often as one likes: `betting`, `error_allocation`, `exceedance`, `mean_sequence`.
Mergeable summaries of a column: `histogram`, `moments`.

Everything here is a pure function of its arguments: no clock, no I/O, no randomness. Results are frozen values of
plain Python numbers, so that they can be written down as evidence. Nothing here knows what a model or a window is.
"""
