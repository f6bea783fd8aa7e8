// Ties the picture of the call to the browser's own player: click or arrow keys move, space plays, the line follows.
// Without this script the player's own controls do everything.
"use strict";
{
  const wave = document.getElementById("wave");
  const audio = document.getElementById("audio");
  const head = document.getElementById("playhead");
  const player = wave.closest(".player");
  const seconds = Number(player.dataset.seconds);

  const show = () => {
    const x = String(Math.min(1, audio.currentTime / seconds) * 1000);
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
    wave.setAttribute("aria-valuenow", String(Math.round(audio.currentTime)));
    const text = player.dataset.position.replace("{position}", Math.round(audio.currentTime));
    wave.setAttribute("aria-valuetext", text.replace("{length}", Math.round(seconds)));
  };
  const move = (time) => {
    audio.currentTime = Math.max(0, Math.min(seconds, time));
    show();
  };
  const follow = () => {
    show();
    if (!audio.paused) requestAnimationFrame(follow);
  };

  // The notice comes before the first recorded sound: begin where there is something to hear.
  move(Number(player.dataset.start));
  audio.addEventListener("play", follow);
  audio.addEventListener("timeupdate", show);
  audio.addEventListener("seeked", show);
  wave.addEventListener("pointerdown", (event) => {
    const box = wave.getBoundingClientRect();
    move(((event.clientX - box.left) / box.width) * seconds);
  });
  wave.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -5, ArrowRight: 5, PageDown: -30, PageUp: 30 };
    if (event.key in steps) move(audio.currentTime + steps[event.key]);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(seconds);
    else if (event.key === " ") audio.paused ? audio.play() : audio.pause();
    else return;
    event.preventDefault();
  });
}
