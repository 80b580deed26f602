// What the page does beside Gradio: the gallery, the before/after picture, the list of jobs, clips side by side.
window.vidstyle = (() => {
  "use strict";

  const make = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };

  // A gallery in which several pictures, or one look, are chosen. Its value: {items, chosen, most}.
  function picker(element, props, trigger) {
    element.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-name]");
      if (!button) return;
      const value = JSON.parse(JSON.stringify(props.value));
      const item = value.items.find((each) => each.name === button.dataset.name);
      const was = value.chosen.includes(item.name);
      const kindOf = (name) => value.items.find((each) => each.name === name)?.kind;
      if (item.kind === "look" || value.most === 1) value.chosen = was ? [] : [item.name];
      else if (was) value.chosen = value.chosen.filter((name) => name !== item.name);
      else value.chosen = [...value.chosen.filter((name) => kindOf(name) !== "look"), item.name];
      value.items.forEach((each) => { each.on = value.chosen.includes(each.name); });
      props.value = value;
      trigger("change");
    });
  }

  // Two pictures of one size, one over the other, with a curtain between them.
  function compare(element) {
    const move = (event) => {
      if (event.target.type !== "range") return;
      event.target.closest("figure").style.setProperty("--at", `${event.target.value}%`);
    };
    element.addEventListener("input", move);
  }

  async function askFor(path, options) {
    const answer = await fetch(path, options);
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail || answer.statusText);
    return answer.json();
  }

  // Jobs

  const WORDS = { running: "painting", waiting: "waiting its turn", done: "done", stopped: "stopped", failed: "failed" };

  // One look at the list serves all that show something of it.
  const watching = new Set();
  async function look() {
    let found = null;
    try { found = await askFor("studio/jobs"); } catch { /* told by whoever shows the list */ }
    if (found) count(found);
    for (const show of watching) show(found);
  }
  async function keepLooking() {
    await look();
    setTimeout(keepLooking, document.hidden ? 4000 : 1000);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", keepLooking);
  else keepLooking();

  function jobs(element) {
    const cards = new Map();
    const show = (found) => {
      if (!element.isConnected) return watching.delete(show);
      const list = element.querySelector(".vs-jobs");
      element.classList.toggle("vs-away", !found);
      if (!found) return;
      element.classList.toggle("vs-none", found.length === 0);
      const names = new Set(found.map((job) => job.name));
      for (const [name, card] of cards) if (!names.has(name)) { card.node.remove(); cards.delete(name); }
      found.forEach((job, at) => {
        if (!cards.has(job.name)) cards.set(job.name, newCard(job.name, look));
        const card = cards.get(job.name);
        if (list.children[at] !== card.node) list.insertBefore(card.node, list.children[at] || null);
        card.update(job);
      });
    };
    watching.add(show);
    look();
  }

  function count(found) {
    const busy = found.filter((job) => job.state === "running" || job.state === "waiting").length;
    document.querySelectorAll('[role="tab"]').forEach((tab) => {
      if (tab.textContent.trim().replace(/\s*\(\d+\)$/, "") !== "Jobs") return;
      const wanted = busy ? String(busy) : "";
      if ((tab.dataset.busy || "") !== wanted) tab.dataset.busy = wanted;
    });
  }

  function newCard(name, changed) {
    const picture = make("img", { className: "vs-latest", alt: "", hidden: true });
    const title = make("h3"), state = make("span", { className: "vs-state" }), line = make("p", { className: "vs-line" });
    const bar = make("progress", { max: 1 }), said = make("p", { className: "vs-said" });
    const actions = make("div", { className: "vs-actions" }), files = make("div", { className: "vs-files" });
    const film = make("div", { className: "vs-film" });
    const code = make("code"), folded = make("details", {}, make("summary", { textContent: "the same as a command" }), code);
    const buttons = {
      stop: make("button", { type: "button", textContent: "Stop" }),
      go_on: make("button", { type: "button", textContent: "Go on" }),
      remove: make("button", { type: "button", textContent: "Delete", className: "vs-quiet" }),
    };
    for (const [action, button] of Object.entries(buttons)) {
      button.addEventListener("click", async () => {
        if (action === "remove" && !confirm("Delete this job and what it has made?")) return;
        button.disabled = true;
        try {
          await askFor(`studio/jobs/${encodeURIComponent(name)}/${action}`, { method: "POST", headers: { "x-studio": "1" } });
          await changed();
        } catch (error) { setText(said, error.message); }
        button.disabled = false;
      });
      actions.append(button);
    }
    const node = make("article", { className: "vs-job" },
      make("div", { className: "vs-left" }, picture),
      make("div", { className: "vs-right" },
        make("header", {}, title, state), bar, line, said, film,
        make("div", { className: "vs-below" }, files, actions), folded));
    node.dataset.name = name;
    let seen = "", shownFiles = "";
    const update = (job) => {
      setText(title, job.title);
      setText(state, WORDS[job.state] || job.state);
      state.dataset.state = node.dataset.state = job.state;
      const counted = job.total ? `${job.done} of ${job.total}` : job.done ? `${job.done}` : "";
      const begins = job.state === "running" && !job.phase ? "starting" : job.phase;
      setText(line, job.state === "done" || job.state === "failed" ? "" :
        [[begins, counted].filter(Boolean).join(" "), job.left && `${job.left} left`].filter(Boolean).join(" · "));
      const known = job.total && job.state !== "failed";
      if (job.state === "done") bar.value = 1;
      else if (known) bar.value = job.done / job.total;
      else if (job.state === "running") bar.removeAttribute("value");
      else bar.value = 0;
      bar.setAttribute("aria-label", `progress of ${job.title}`);
      setText(said, job.error || (job.state === "done" ? "" : job.notices[job.notices.length - 1] || ""));
      said.classList.toggle("vs-wrong", Boolean(job.error));
      setText(code, job.command);
      buttons.stop.hidden = !(job.state === "running" || job.state === "waiting");
      buttons.go_on.hidden = !(job.state === "stopped" || job.state === "failed");
      buttons.remove.hidden = job.state === "running";
      const mark = `${job.state}:${job.phase}:${job.done}`;
      if (mark !== seen) {
        seen = mark;
        const next = new Image();
        next.onload = () => { picture.src = next.src; picture.hidden = false; };
        next.src = `studio/jobs/${encodeURIComponent(name)}/latest?at=${encodeURIComponent(mark)}`;
      }
      const listed = JSON.stringify(job.files);
      if (listed !== shownFiles) { shownFiles = listed; files.replaceChildren(...job.files.map(link)); showFilm(job); }
    };
    const showFilm = (job) => {
      const first = job.files[0];
      if (!first || job.kind !== "paint" || !/\.(mp4|webm|mov|m4v)$/i.test(first.name)) return film.replaceChildren();
      const video = make("video", { src: first.url, controls: true, loop: true, muted: true, preload: "metadata" });
      video.setAttribute("aria-label", `result of ${job.title}`);
      film.replaceChildren(video);
    };
    return { node, update };
  }

  const link = (file) => {
    const shown = file.name === "report.html";
    const anchor = make("a", { href: shown ? file.url : `${file.url}&download=1`, textContent: shown ? "Open the report" : `Download ${file.name}` });
    if (shown) { anchor.target = "_blank"; anchor.rel = "noopener"; } else anchor.setAttribute("download", file.name);
    return anchor;
  };

  // Clips side by side, in step: one slider moves all of them, frame by frame.
  function side(element, value) {
    const place = element.querySelector(".vs-side");
    if (!place || !value || !value.clips || !value.clips.length) return;
    const pictures = value.clips.map((clip) => make("img", { alt: clip.title }));
    const figures = value.clips.map((clip, at) =>
      make("figure", {}, pictures[at], make("figcaption", { textContent: clip.title })));
    const slider = make("input", { type: "range", min: 0, max: Math.max(0, value.frames - 1), value: 0 });
    slider.setAttribute("aria-label", "frame");
    const number = make("output");
    const play = make("button", { type: "button", textContent: "Play" });
    let playing = false, shown = 0;
    const show = async (index) => {
      const mine = ++shown;
      number.textContent = `frame ${index}`;
      const loaded = value.clips.map((clip) => new Promise((done) => {
        const next = new Image();
        next.onload = () => done(next.src);
        next.onerror = () => done(null);
        next.src = `${clip.url}&index=${index}`;
      }));
      const sources = await Promise.all(loaded);
      if (mine === shown) sources.forEach((source, at) => { if (source) pictures[at].src = source; });
    };
    slider.addEventListener("input", () => show(Number(slider.value)));
    play.addEventListener("click", async () => {
      playing = !playing;
      play.textContent = playing ? "Pause" : "Play";
      while (playing && place.isConnected) {
        const began = performance.now();
        slider.value = (Number(slider.value) + 1) % value.frames;
        await show(Number(slider.value));
        await new Promise((done) => setTimeout(done, Math.max(0, 1000 / value.rate - (performance.now() - began))));
      }
    });
    place.replaceChildren(make("div", { className: "vs-figures" }, ...figures),
      make("div", { className: "vs-transport" }, play, slider, number));
    if (value.frames < 2) place.querySelector(".vs-transport").hidden = true;
    show(0);
  }

  return { picker, compare, jobs, side };
})();
