import { Component, type ComponentChildren } from "preact";

/** What goes wrong while drawing becomes a sentence in the card, not an empty cell. */
export class Boundary extends Component<{ children?: ComponentChildren }, { error: unknown }> {
  override state = { error: null as unknown };

  static override getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div class="tw-card">
        <p class="tw-line tw-bad" role="alert">
          This card could not be drawn: {String(this.state.error)}
        </p>
      </div>
    );
  }
}
