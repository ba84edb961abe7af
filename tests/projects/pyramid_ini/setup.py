from setuptools import find_packages, setup

requires = [
    "plaster_pastedeploy",
    "pyramid",
    "waitress",
]

setup(
    name="tidepool",
    version="0.1",
    packages=find_packages(),
    install_requires=requires,
    entry_points={"paste.app_factory": ["main = tidepool:main"]},
)
