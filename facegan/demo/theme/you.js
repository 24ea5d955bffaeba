// The tab You: a photo that is chosen, dropped or taken with the camera is made small here, sent for one answer, and kept
// in this page's memory only, so that another face of it can be chosen.
(() => {
  const SIDE = 1024, QUALITY = 0.92;  // px of the long side that is sent; a face is found and framed in that
  const HERE = /^(localhost|127(\.\d+){3}|\[::1\])$/;
  let code = "";  // of the last look-alike

  const lookAlike = () => code;

  async function smaller(source, width, height) {
    const scale = Math.min(1, SIDE / Math.max(width, height));
    const canvas = Object.assign(document.createElement("canvas"), {width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale))});
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white";  // behind what is transparent
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(source, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));  // without its EXIF
  }

  function choosePhoto(element, trigger, address, mostBytes) {
    const part = (css) => element.querySelector(css);
    const say = (sentence) => (part("[role=status]").textContent = sentence);
    const video = part("video"), camera = part("[data-camera]"), shoot = part("[data-shoot]");
    part("[data-here]").hidden = !HERE.test(window.location.hostname);
    part("[data-away]").hidden = !part("[data-here]").hidden;
    camera.hidden = !navigator.mediaDevices?.getUserMedia;  // browsers keep the camera from pages without https
    let photo, asked = 0, cameraAsked = 0;

    async function send(which = 0) {
      const number = ++asked;
      say("Looking for your look-alike …");
      try {
        const url = new URL(address, document.baseURI);
        url.searchParams.set("face", which);
        const answer = await fetch(url, {method: "POST", body: photo});
        const found = await answer.json().catch(() => ({}));
        if (number !== asked) return;
        if (!answer.ok) throw new Error(found.error || "The server cannot answer now: try again in a few seconds.");
        show(found);
        say("");
        code = found.code;
        trigger();
      } catch (error) {
        if (number !== asked) return;
        say(window.facegan.trouble(error));
      }
    }

    function show({photo, faces, shown}) {
      const figure = part("[data-photo]"), others = part("[data-others]");
      figure.querySelector("img").src = photo;
      figure.hidden = false;
      others.hidden = !faces.length;
      others.replaceChildren(...faces.map((source, number) => {
        const button = Object.assign(document.createElement("button"), {type: "button"});
        button.setAttribute("aria-pressed", number === shown);
        button.append(Object.assign(document.createElement("img"), {src: source, alt: `Face ${number + 1} of the photo`}));
        button.addEventListener("click", () => send(number));
        return button;
      }));
    }

    async function take(file) {
      say("Reading the photo …");
      try {
        const picture = await createImageBitmap(file, {imageOrientation: "from-image"});
        photo = await smaller(picture, picture.width, picture.height);
        picture.close();
      } catch {
        // The server may know a kind of picture that this browser does not, and says it in a sentence if not.
        photo = file;
      }
      if (!photo || photo.size > mostBytes) return say("This picture cannot be read here: save it as JPEG or PNG and try again.");
      send();
    }

    function cameraOff() {
      cameraAsked++;  // a camera that is allowed only now stays off
      video.srcObject?.getTracks().forEach((track) => track.stop());
      video.srcObject = null;
      video.hidden = shoot.hidden = true;
      camera.textContent = "Use the camera";
    }

    camera.addEventListener("click", async () => {
      if (video.srcObject) return cameraOff();
      const number = ++cameraAsked;
      try {
        const stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "user"}, audio: false});
        if (number !== cameraAsked) return stream.getTracks().forEach((track) => track.stop());
        for (const track of stream.getTracks()) track.addEventListener("ended", cameraOff);  // it was unplugged or forbidden
        video.srcObject = stream;
        await video.play();
        video.hidden = shoot.hidden = false;
        camera.textContent = "Camera off";
        say("");
      } catch {
        if (number !== cameraAsked) return;  // it was switched off meanwhile
        cameraOff();
        say("There is no camera that this page may use: allow it in the browser, or choose a photo.");
      }
    });
    shoot.addEventListener("click", async () => {
      photo = await smaller(video, video.videoWidth, video.videoHeight);
      cameraOff();
      send();
    });
    part("input").addEventListener("change", (event) => {
      event.stopPropagation();
      const [file] = event.target.files;
      event.target.value = "";  // so that the same photo can be chosen once more
      if (file) take(file);
    });
    // While this tab is open, a picture that is dropped on it is a photo, and not one that was made here.
    document.addEventListener("drop", (event) => {
      const [file] = event.dataTransfer?.files || [];
      if (!file || element.offsetParent === null) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      document.body.classList.remove("fg-dropping");
      take(file);
    }, true);
    new IntersectionObserver(([entry]) => entry.isIntersecting || cameraOff()).observe(element);  // another tab was opened
  }

  Object.assign(window.facegan, {choosePhoto, lookAlike});
})();
