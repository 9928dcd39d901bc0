;;; stepgraph.el --- workflows of stepgraph in eglot -*- lexical-binding: t; -*-

;; A mode of its own for files that begin with the key `stepgraph', so that other YAML keeps its server.

(require 'eglot)

(define-derived-mode stepgraph-mode prog-mode "Stepgraph"
  "Workflows of stepgraph."
  (setq-local comment-start "# ")
  (setq-local comment-start-skip "#+ *")
  (setq-local indent-tabs-mode nil)
  (setq-local indent-line-function #'indent-relative))

(add-to-list 'magic-mode-alist '("\\(?:#.*\n\\|\n\\)*stepgraph: " . stepgraph-mode))
(add-to-list 'eglot-server-programs '(stepgraph-mode . ("stepgraph" "lsp")))
(add-hook 'stepgraph-mode-hook #'eglot-ensure)

(provide 'stepgraph)
;;; stepgraph.el ends here
