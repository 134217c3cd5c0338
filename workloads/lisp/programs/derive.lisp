; Derivatives of expressions in x, simplified, over and over.

(define second (lambda (list) (car (cdr list))))
(define third (lambda (list) (car (cdr (cdr list)))))

(define sum
  (lambda (a b)
    (cond ((and (number? a) (number? b)) (+ a b))
          ((eq? a 0) b)
          ((eq? b 0) a)
          (t (list '+ a b)))))

(define product
  (lambda (a b)
    (cond ((and (number? a) (number? b)) (* a b))
          ((or (eq? a 0) (eq? b 0)) 0)
          ((eq? a 1) b)
          ((eq? b 1) a)
          (t (list '* a b)))))

(define derive
  (lambda (e)
    (cond ((number? e) 0)
          ((symbol? e) (if (eq? e 'x) 1 0))
          ((eq? (car e) '+) (sum (derive (second e)) (derive (third e))))
          ((eq? (car e) '*) (sum (product (second e) (derive (third e)))
                                 (product (derive (second e)) (third e))))
          (t (error "an operation without a derivative")))))

(define size (lambda (e) (if (pair? e) (+ 1 (+ (size (second e)) (size (third e)))) 1)))

; x * (x + 1) * (x + 2) ... as nested products.
(define tower (lambda (n) (if (= n 0) 'x (list '* (list '+ 'x n) (tower (- n 1))))))

(display "d/dx of " (tower 2) " is " (derive (tower 2)) "\n")
(let ((n 1))
  (while (< n 6)
    (let ((first (derive (tower n))))
      (display n ": " (size first) " " (size (derive first)) " " (size (derive (derive first))) "\n"))
    (set! n (+ n 1))))
