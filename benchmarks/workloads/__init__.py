"""Which settings are best: every adviser on real workloads, against an exhaustive grid."""
