// Go wants a file of this kind beside a function without a body.
