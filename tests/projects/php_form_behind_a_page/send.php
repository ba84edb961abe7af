<?php echo "Thank you";
