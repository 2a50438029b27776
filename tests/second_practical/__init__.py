"""A second practical: three questions on handwritten digits. It shows what the engine needs of any practical."""
