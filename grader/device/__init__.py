"""Devices: the simulated accelerator, and the watch over what code does to a device. It runs in the candidate.

watch.py      every operator passes here: copies between devices, host synchronisation, operators, live memory
simulated.py  the device `sim`: real values on the CPU behind a device of its own
autocast.py   which operators autocast lowers on `sim`
selftest.py   what the simulated device has to be able to do, tried before it is used
places.py     the line of the learner's file that is running

The sandbox shows this folder beside candidate/; it imports torch, and nothing else of dlkit.
"""
