from setuptools import setup

setup(name="gearbox", install_requires=["attrs"])
