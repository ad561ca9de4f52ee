"""Devices: the simulated accelerator, and the watch over what code does to a device. It runs in the candidate.

simulated.py   the device `sim`: real values on the CPU behind a device of its own; what it cannot do
tensor.py      a tensor on `sim`, and a generator
operators.py   an operator on `sim`: the rule of one device, the run on the values
backend.py     what PyTorch is told of `sim`; cells.py, files.py, transforms.py, autocast.py: parts of it
watch.py       every operator passes here: copies, synchronisation (syncs.py), how many, live memory
patches.py     calls that no operator shows: a device named in the code, numpy(), tolist()
selftest.py    what the simulated device has to be able to do, tried before it is used
places.py      the line of the learner's file that is running

The sandbox shows this folder beside candidate/; it imports torch, and nothing else of dlkit.
"""
