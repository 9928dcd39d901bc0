;;; try.el --- what try.sh has Emacs do -*- lexical-binding: t; -*-

(require 'flymake)
(setq eglot-sync-connect 10 eglot-autoshutdown t)

(defun try-wait (what condition)
  "Wait until CONDITION holds, and say WHAT it is."
  (let ((end (+ (float-time) 10)))
    (while (and (not (funcall condition)) (< (float-time) end))
      (accept-process-output nil 0.05))
    (unless (funcall condition)
      (message "not as it should be: %s" what)
      (kill-emacs 1))
    (message "%s" what)))

(find-file "other.yaml")
(try-wait "other YAML has another mode" (lambda () (not (eq major-mode 'stepgraph-mode))))
(find-file "main.yaml")
(try-wait "a workflow has its mode" (lambda () (eq major-mode 'stepgraph-mode)))
(eglot--maybe-activate-editing-mode)
(unless (eglot-current-server) (call-interactively #'eglot))
(try-wait "the server runs" #'eglot-current-server)
(flymake-mode 1)
(try-wait "it tells the problem"
          (lambda ()
            (flymake-start)
            (seq-some (lambda (found) (string-match-p "no node type 'EmptyLaten'" (flymake-diagnostic-text found)))
                      (flymake-diagnostics))))
(goto-char (point-min))
(search-forward "EmptyLaten")
(let* ((server (eglot-current-server))
       (actions (jsonrpc-request server :textDocument/codeAction
                                 (list :textDocument (eglot--TextDocumentIdentifier)
                                       :range (list :start (eglot--pos-to-lsp-position)
                                                    :end (eglot--pos-to-lsp-position))
                                       :context (list :diagnostics [])))))
  (eglot--apply-workspace-edit (plist-get (aref actions 0) :edit)))
(try-wait "a quick fix is applied"
          (lambda () (string-match-p "{node: EmptyLatent}" (buffer-string))))
(eglot-shutdown (eglot-current-server))
(set-buffer-modified-p nil)
(kill-emacs 0)
;;; try.el ends here
