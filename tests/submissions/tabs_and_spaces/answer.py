def softmax(x, axis=-1, temperature=1.0):
    if x is None:
	return x
