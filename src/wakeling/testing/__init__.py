"""The contract suites: what every block, board, reader and strategy must keep to."""
