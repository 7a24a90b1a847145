/* A push as the reader sets it: a word on the wheel, a second one to mix in, a strength. */
import { el, field, menu, number, slider } from "./dom.mjs";
import { wheel } from "./wheel.mjs";

const KEYS = ["a", "b", "mix", "strength"];

export function control(lab, { folded = false } = {}) {
  const { state, directions } = lab;
  const round = wheel(directions, () => state.values, (a) => state.set({ a }));
  const one = menu(directions.byCluster, { value: state.values.a,
    onchange: () => state.set({ a: one.value }) });
  const two = menu(directions.byCluster, { none: "nothing", value: state.values.b,
    onchange: () => state.set({ b: two.value }) });
  const mix = slider("Mix", { min: 0, max: 1, step: 0.05, value: state.values.mix,
    show: (v) => `${Math.round((1 - v) * 100)} : ${Math.round(v * 100)}`,
    oninput: (value) => state.set({ mix: value }) });
  const strength = slider("Strength", { min: 0, max: 0.4, step: 0.01,
    value: state.values.strength, show: number,
    oninput: (value) => state.set({ strength: value }) });
  const update = () => {
    const { a, b, mix: share, strength: dose } = state.values;
    [one.value, two.value] = [a, b];
    mix.hidden = !b;
    mix.set(share);
    strength.set(dose);
    round.update();
  };
  update();
  const node = el("div", { class: "lab-control" },
    folded ? el("details", {}, el("summary", {}, "The wheel of emotions"), round) : round,
    el("div", { class: "lab-pair" }, field("Push along", one), field("mixed with", two)),
    mix, strength,
    el("p", { class: "lab-note" }, "Strength is a share of the mean residual norm at layer " +
      `${directions.layer}.`));
  const changed = (keys) => {
    const own = keys.some((key) => KEYS.includes(key));
    if (own) update();
    return own;
  };
  return Object.assign(node, { changed });
}

/** The present push in words. */
export function named({ a, b, mix, strength }) {
  const share = (value) => `${Math.round(value * 100)} %`;
  const what = b ? `${share(1 - mix)} ${a}, ${share(mix)} ${b}` : a;
  return `${what}, strength ${number(strength)}`;
}
