"""Linear algebra (the wheel brings its own OpenBLAS and libgfortran), FFT, random numbers, a file of an array."""

from pathlib import Path

import numpy as np

matrix = np.array([[3.0, 1.0], [1.0, 2.0]])
assert np.allclose(np.linalg.solve(matrix, [9.0, 8.0]), [2.0, 3.0])
assert np.allclose(np.linalg.eigvalsh(matrix), [(5 - 5**0.5) / 2, (5 + 5**0.5) / 2])
generator = np.random.default_rng(7)
big = generator.standard_normal((300, 300))
assert np.allclose(big @ np.linalg.inv(big), np.eye(300), atol=1e-6)
wave = np.sin(2 * np.pi * 5 * np.arange(128) / 128)
assert int(np.argmax(np.abs(np.fft.rfft(wave)))) == 5
np.save("big.npy", big)
assert np.array_equal(np.load("big.npy", mmap_mode="r"), big)
assert Path("big.npy").stat().st_size == 128 + big.nbytes
