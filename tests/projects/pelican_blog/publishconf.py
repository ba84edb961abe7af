from pelicanconf import *
