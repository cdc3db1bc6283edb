// The page of react.test.ts, bundled with React for it: one component under StrictMode, and what it has shown so far.
import { createElement, StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useVit, type VitCalls, type VitOptions, type VitState } from '../../web/react.js';

type Vit = VitState & VitCalls;

/** What the test steers and sees. */
export interface Stage {
  readonly renders: Vit[];
  /** The latest render for which this holds, once there is one. */
  until(holds: (vit: Vit) => boolean): Promise<Vit>;
  /** Loads another model in the same component. */
  change(location: string | undefined, options?: VitOptions): void;
  unmount(): void;
}

/** Mounts the component; `first` is classified by a child as soon as it is there. */
export function mount(location: string | undefined, first?: HTMLCanvasElement, options?: VitOptions): Stage {
  const renders: Vit[] = [];
  const waiting = new Set<() => void>();
  let set: (next: [string | undefined, VitOptions?]) => void = () => undefined;

  function Eager({ vit }: { vit: Vit }) {
    useEffect(() => {
      if (first) void vit.classify(first, { topK: 3 });
      return vit.cancel;
    }, []);
    return null;
  }
  function Shown() {
    const [[where, how], setWhere] = useState<[string | undefined, VitOptions?]>([location, options]);
    set = setWhere;
    const vit = useVit(where, how);
    useEffect(() => {
      renders.push(vit);
      waiting.forEach((look) => look());
    });
    return createElement(Eager, { vit });
  }

  const root = createRoot(document.body.appendChild(document.createElement('main')));
  root.render(createElement(StrictMode, null, createElement(Shown)));
  return {
    renders,
    until: (holds) =>
      new Promise((resolve) => {
        const look = () => {
          const latest = renders.at(-1);
          if (!latest || !holds(latest)) return;
          waiting.delete(look);
          resolve(latest);
        };
        waiting.add(look);
        look();
      }),
    change: (where, how) => set([where, how]),
    unmount: () => root.unmount(),
  };
}
