"""videoseq trains CNN+LSTM models on video and puts them to work."""

__version__ = "0.1.0"
