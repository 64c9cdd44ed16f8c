import { h, render } from "preact";
import { useState } from "preact/hooks";
import { act } from "preact/test-utils";
import { afterEach, expect, test } from "vitest";
import { computed, signal, useComputed } from "../src/signals.js";

const page = document.createElement("div");
afterEach(() => act(() => render(null, page)));
const draw = (node: Parameters<typeof render>[0]) => act(() => render(node, page));

test("only who reads a signal is drawn again, whatever is around it", async () => {
  const [a, b] = [signal("a"), signal("b")];
  const drawn: string[] = [];
  const Inner = ({ of }: { of: typeof a }) => (drawn.push(of.value), h("i", null, of.value));
  const Outer = () => (drawn.push("outer"), h("p", null, h(Inner, { of: a }), h(Inner, { of: b })));
  await draw(h(Outer, null));
  drawn.length = 0;
  await act(() => void (b.value = "c"));
  expect([page.textContent, drawn]).toEqual(["ac", ["c"]]);
  await act(() => void (b.value = "c"));
  expect(drawn).toEqual(["c"]);
});

test("a reader whose parent is drawn again is not, unless its props or its own state are others", async () => {
  const a = signal(1);
  let drawn = 0;
  let turn: (n: number) => void = () => {};
  const Inner = ({ n }: { n: number }) => {
    const [own, set] = useState(0);
    turn = set;
    drawn++;
    return h("i", null, `${a.value} ${n} ${own}`);
  };
  await draw(h(Inner, { n: 1 }));
  await draw(h(Inner, { n: 1 }));
  expect(drawn).toBe(1);
  await draw(h(Inner, { n: 2 }));
  await act(() => turn(3));
  await act(() => void (a.value = 4));
  expect([page.textContent, drawn]).toEqual(["4 2 3", 4]);
});

test("what is read no more is watched no more, and nothing is after the end", async () => {
  const told: string[] = [];
  const watch = (name: string) => ({ watched: () => void told.push(`+${name}`), unwatched: () => void told.push(`-${name}`) });
  const [which, a, b] = [signal(true), signal("a", watch("a")), signal("b", watch("b"))];
  const Either = () => h("i", null, which.value ? a.value + a.value : b.value);
  await draw(h(Either, null));
  await act(() => void (a.value = "A"));
  await act(() => void (which.value = false));
  expect([page.textContent, told]).toEqual(["b", ["+a", "+b", "-a"]]);
  await draw(null);
  expect(told.at(-1)).toBe("-b");
});

test("what a component that fails had read does not stay read by the next", async () => {
  const a = signal(1);
  let drawn = 0;
  const Fails = () => {
    if (a.value) throw new Error("no");
    return null;
  };
  expect(() => draw(h(Fails, null))).toThrow("no");
  await draw(h(() => (drawn++, h("i", null, "x")), null));
  await act(() => void (a.value = 2));
  expect(drawn).toBe(1);
});

test("a computed value tells only when it is another one", async () => {
  const n = signal(1);
  let drawn = 0;
  const Parity = () => {
    const odd = useComputed(() => n.value % 2 === 1).value;
    drawn++;
    return h("i", null, String(odd));
  };
  await draw(h(Parity, null));
  await act(() => void (n.value = 3));
  expect([page.textContent, drawn]).toEqual(["true", 1]);
  await act(() => void (n.value = 4));
  expect([page.textContent, drawn]).toEqual(["false", 2]);
  await draw(null);
  const double = computed(() => n.value * 2);
  n.value = 5;
  expect([double.value, double.peek()]).toEqual([10, 10]);
});
