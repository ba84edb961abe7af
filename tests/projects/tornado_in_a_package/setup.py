from setuptools import setup

setup(name="lantern", version="0.1.0", packages=["lantern"], install_requires=["tornado"])
