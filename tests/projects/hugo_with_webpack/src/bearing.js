document.title += ` (bearing ${Math.round(Math.random() * 360)}°)`;
