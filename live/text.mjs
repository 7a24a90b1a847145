/* Texts and tokens: the tokenizer, chats as prompts, and tokens as pieces of text. */
import { Template } from "../vendor/jinja.mjs";
import { Tokenizer } from "../vendor/tokenizers.mjs";

const AS_IT_IS = { clean_up_tokenization_spaces: false };

export class Text {
  /** `model`: {tokenizer (as in tokenizer.json), chat_template}. */
  constructor({ tokenizer, chat_template }) {
    this.tokenizer = new Tokenizer(withAllDigits(tokenizer), {});
    this.template = chat_template && new Template(chat_template);
  }

  encode(text) {
    return this.tokenizer.encode(text).ids;
  }

  decode(ids, skip_special_tokens = true) {
    const options = { skip_special_tokens, ...AS_IT_IS };
    return ids.length ? this.tokenizer.decode(ids, options) : "";
  }

  /** A chat as text, up to where the assistant is about to speak: `chat_prompt` of Python.
   * `chat` is what the user says, or a list of {role, content}. */
  chat(chat) {
    const messages = typeof chat === "string" ? [{ role: "user", content: chat }] : chat;
    if (messages.at(-1)?.role !== "user")
      throw new Error("The last message is not the user's: the assistant is next.");
    return this.template.render({ messages, add_generation_prompt: true });
  }

  /** Token by token: each call takes an id and gives the text that is now complete. A
   * character that is spread over several tokens comes with its last one. */
  pieces(skipSpecial = true) {
    let pending = [];
    return (id, last = false) => {
      pending.push(id);
      const text = this.decode(pending, skipSpecial);
      if (text.endsWith("\ufffd") && !last) return "";
      pending = [];
      return text;
    };
  }
}

/** In Python every numeral stands alone (½, ٣), in the JavaScript library only 0 to 9. */
function withAllDigits(tokenizer) {
  const split = { type: "Split", pattern: { Regex: "\\p{N}" }, behavior: "Isolated" };
  const mend = (part) => ({
    ...(part?.type === "Digits" && part.individual_digits ? split : part),
    ...(part?.pretokenizers && { pretokenizers: part.pretokenizers.map(mend) }),
  });
  const { pre_tokenizer } = tokenizer;
  return { ...tokenizer, pre_tokenizer: pre_tokenizer && mend(pre_tokenizer) };
}
