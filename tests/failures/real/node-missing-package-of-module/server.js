import helper from 'shop-helper'
