"""What the project measures about itself; each benchmark writes its own result.

``python -m benchmarks.NAME.run [--quick]`` from the checkout measures again.
"""
