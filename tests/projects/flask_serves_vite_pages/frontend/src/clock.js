const answer = await fetch("/api/time");
const { zone } = await answer.json();
document.querySelector("#clock").textContent = `The clock runs on ${zone}.`;
