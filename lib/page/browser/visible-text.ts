import { options, type ComponentChildren, type VNode } from "preact";
import { visibleText } from "./words";

/** Attributes that are read to people. */
const READ = ["aria-label", "title"];

/**
 * Whatever the page draws is drawn with what would act on its reader shown: names, reasons and owners are somebody else's words, wherever they stand. Preact tells of each element
 * before it is drawn.
 *
 * @see https://preactjs.com/guide/v10/options/#vnode
 */
const before = options.vnode;
options.vnode = (vnode: VNode) => {
  if (typeof vnode.type === "string") {
    const props = vnode.props as Record<string, unknown> & { children?: ComponentChildren };
    if (props.children !== undefined) props.children = visible(props.children);
    for (const name of READ) if (typeof props[name] === "string") props[name] = visibleText(props[name]);
  }
  before?.(vnode);
};

function visible(children: ComponentChildren): ComponentChildren {
  if (typeof children === "string") return visibleText(children);
  return Array.isArray(children) ? (children as ComponentChildren[]).map(visible) : children;
}
