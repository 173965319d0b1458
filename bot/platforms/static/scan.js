// Reads the QR code of an identity card on this phone. No picture leaves it: nothing is sent but the
// form with the text, by the person's own press. All sentences stand in the page.

const FIELDS = 7; // A newer card goes on about other people: that is cut off before it is looked at.
const DATES = [3, 6];
const NUMBERS = [0, 1];
const SHOWN_DIGITS = 4;
const SIDE = 1080; // Pixels of the square that is searched.
const NEAR = 0.6; // Every other look is at this part of the square, enlarged: for small codes.
const OUTLIERS = 0.01; // Part of the pixels that may be darker than black, or lighter than white.
const PAUSE = 80; // Milliseconds between two looks.
const PATIENCE = 12000; // Milliseconds of looking until a better way to hold the card is told.
const PHOTO_SIDES = [2600, 1300]; // A photo is tried in both sizes.
const CAMERA = { audio: false, video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } } };
const OPTIONS = { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1, characterSet: "UTF8", textMode: "Plain" };

const [intro, scanner, others, status, finder, video, opener, torch, found, heading, send, card, again, paste, sentences] = [
  "intro", "scanner", "others", "status", "finder", "video", "open", "torch", "found", "found-title", "send", "card", "again", "paste",
  "sentences",
].map((id) => document.getElementById(id));
const canvas = document.createElement("canvas");
const pencil = canvas.getContext("2d", { willReadFrequently: true });

function say(name) {
  status.dataset.said = name;
  status.textContent = sentences.querySelector(`[data-for="${name}"]`).textContent;
}

// What a code says.

/** Return the seven fields of a card, or null for any other code. */
function fieldsOf(text) {
  const fields = text.split("|", FIELDS).map((field) => field.trim());
  const fits = fields.length === FIELDS && /^\d{12}$/.test(fields[0]) && fields[2];
  return fits && DATES.every((at) => /^(\d{8})?$/.test(fields[at])) ? fields : null;
}

function shown(field, at) {
  if (NUMBERS.includes(at)) return "•".repeat(Math.max(field.length - SHOWN_DIGITS, 0)) + field.slice(-SHOWN_DIGITS);
  if (DATES.includes(at)) return field.replace(/^(\d\d)(\d\d)(\d{4})$/, "$1/$2/$3");
  return field;
}

function show(fields) {
  close();
  found.querySelectorAll("dd").forEach((line, at) => {
    line.textContent = shown(fields[at], at) || line.dataset.none;
  });
  card.value = fields.join("|");
  turn(true);
  heading.focus();
}

/** Show what was found, or the scanner. */
function turn(isFound) {
  found.hidden = !isFound;
  intro.hidden = scanner.hidden = others.hidden = isFound;
}

/** Show the card among these texts; true when there is one. */
function judge(texts) {
  const fields = texts.map(fieldsOf).find(Boolean);
  if (fields) show(fields);
  else if (texts.length) say("not_card");
  return Boolean(fields);
}

// How a code is read: by the browser, else by the reader we bring along.

async function browsersReader() {
  const formats = await BarcodeDetector.getSupportedFormats();
  if (!formats.includes("qr_code")) throw new Error("no qr_code");
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async () => (await detector.detect(canvas)).map((code) => code.rawValue);
}

async function ourReader() {
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: scanner.dataset.code, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  const overrides = { locateFile: () => scanner.dataset.reader };
  await ZXingWASM.prepareZXingModule({ overrides, fireImmediately: true });
  return async () => {
    const pixels = pencil.getImageData(0, 0, canvas.width, canvas.height);
    return (await ZXingWASM.readBarcodes(pixels, OPTIONS)).map((code) => code.text);
  };
}

let reader = null;
let readsItself = "BarcodeDetector" in window;

/** Return the texts of the codes on the canvas. Fails when there is nothing to read them with. */
async function read() {
  if (readsItself) {
    try {
      return await (await (reader ??= browsersReader()))();
    } catch {
      reader = null; // It is there, but does not work on this phone.
      readsItself = false;
    }
  }
  try {
    return await (await (reader ??= ourReader()))();
  } catch (problem) {
    reader = null;
    throw problem;
  }
}

/** Draw a part of a picture on the canvas. */
function draw(picture, left, top, wide, high, scale) {
  canvas.width = Math.round(wide * scale);
  canvas.height = Math.round(high * scale);
  pencil.drawImage(picture, left, top, wide, high, 0, 0, canvas.width, canvas.height);
}

/** Spread the greys in the middle of the canvas from black to white: for a card in poor light. */
function spread() {
  const { width, height } = canvas;
  const middle = pencil.getImageData(width / 4, height / 4, width / 2, height / 2).data;
  const counts = new Uint32Array(256);
  for (let at = 1; at < middle.length; at += 4) counts[middle[at]] += 1;
  const few = (middle.length / 4) * OUTLIERS;
  const dark = levelAbove(counts, few);
  const light = 255 - levelAbove(counts.reverse(), few);
  const pixels = pencil.getImageData(0, 0, width, height);
  const { data } = pixels;
  for (let at = 0; at < data.length; at += 1) data[at] = ((data[at] - dark) * 255) / Math.max(light - dark, 1);
  pencil.putImageData(pixels, 0, 0);
}

/** Return the first level up to which there are more than `few` pixels. */
function levelAbove(counts, few) {
  let sum = 0;
  return counts.findIndex((count) => (sum += count) > few);
}

// The camera.

let looking = 0; // Number of the camera's turn; another one ends what the last began.

async function open() {
  const mine = ++looking;
  say("opening");
  opener.hidden = true;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia(CAMERA);
  } catch (problem) {
    if (mine === looking) giveUp(problem.name === "NotAllowedError" ? "refused" : "no_camera");
    return;
  }
  if (mine !== looking) return stop(stream);
  video.srcObject = stream;
  finder.hidden = false;
  paste.open = false;
  const [track] = stream.getVideoTracks();
  track.onended = () => giveUp("no_camera");
  torch.hidden = !track.getCapabilities?.().torch;
  await video.play().catch(() => {});
  if (mine === looking) await look(mine);
}

/** Close the camera, say why, and show the way that always works. */
function giveUp(why) {
  close();
  opener.hidden = !navigator.mediaDevices;
  paste.open = true;
  say(why);
}

function stop(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

function close() {
  looking += 1;
  stop(video.srcObject);
  video.srcObject = null;
  finder.hidden = torch.hidden = true;
  opener.hidden = false;
  torch.setAttribute("aria-pressed", "false");
}

async function look(mine) {
  say("aim");
  const until = performance.now() + PATIENCE;
  for (let number = 0; mine === looking; number += 1) {
    const side = Math.min(video.videoWidth, video.videoHeight) * (number % 2 ? NEAR : 1);
    if (side) {
      draw(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, SIDE / side);
      if (number % 4 > 1) spread();
      const texts = await read().catch(() => null);
      if (mine !== looking) return;
      if (texts === null) return giveUp("no_reader");
      if (judge(texts)) return;
    }
    if (performance.now() > until && status.dataset.said === "aim") say("still");
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

async function toggleTorch() {
  const on = torch.getAttribute("aria-pressed") !== "true";
  const [track] = video.srcObject.getVideoTracks();
  await track.applyConstraints({ advanced: [{ torch: on }] });
  torch.setAttribute("aria-pressed", String(on));
}

// A photo from the gallery. It is read here and goes nowhere.

async function readPhoto(event) {
  const [file] = event.target.files;
  if (!file) return;
  close();
  say("reading");
  const picture = await createImageBitmap(file).catch(() => null);
  event.target.value = ""; // The same photo may be chosen again.
  for (const most of picture ? PHOTO_SIDES : []) {
    const scale = Math.min(1, most / Math.max(picture.width, picture.height));
    draw(picture, 0, 0, picture.width, picture.height, scale);
    const texts = await read().catch(() => null);
    if (texts === null) return giveUp("no_reader");
    if (texts.length) return judge(texts);
  }
  say("photo_none");
}

opener.addEventListener("click", open);
torch.addEventListener("click", () => toggleTorch().catch(() => (torch.hidden = true)));
scanner.querySelectorAll("input[type=file]").forEach((input) => input.addEventListener("change", readPhoto));
again.addEventListener("click", () => {
  card.value = "";
  turn(false);
  open();
});
send.addEventListener("submit", () => (send.querySelector(".main").disabled = true));
addEventListener("pagehide", close);
let isAway = false; // The camera was on when the person went to another page or app.
document.addEventListener("visibilitychange", () => {
  const comesBack = isAway && !document.hidden;
  isAway = document.hidden && !finder.hidden;
  if (isAway) close();
  else if (comesBack && status.dataset.said !== "reading") open();
});

scanner.hidden = false;
open();
