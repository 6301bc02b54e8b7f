// Kubernetes replaces $(NAME) in commands and values, and $$ by a dollar; Compose does not, so that these are escaped.

export function unexpanded(text: string): string {
  return /\$[$(]/.test(text) ? text.replaceAll('$', '$$$$') : text;
}
