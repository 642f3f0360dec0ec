/** A turn as ChatML writes it, the template of Qwen's models and others. */
export function chatTurn(role: string, content: string): string {
  return `<|im_start|>${role}\n${content}<|im_end|>\n`;
}

/** What a prompt ends with: the model goes on from here. */
export const ASSISTANT_BEGINS = "<|im_start|>assistant\n";
