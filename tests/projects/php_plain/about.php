<?php
echo "about";
